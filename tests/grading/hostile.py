"""Hostile answers, by kind: each wants points, hidden inputs, another student's work, or the machine.

The lab under attack has two tasks: `double`, three points, and `largest`, two points. What an attack is after, it
turns into points or into words: where a wall is missing, it scores, or a hidden input stands in a message.
"""

from collections.abc import Mapping

RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "largest": "def largest(values):\n    return max(values)",
}
HELPER = "observed"
"""A given function of the lab that runs beside the answer."""
FORBIDDEN = "tqdm"
"""A module that no answer of the lab may use; a small one."""


def spelled(code: str, name: str, places: Mapping[str, str]) -> str:
    """An attack for the task `name`: NAME is its function, RIGHT its solution, VISIBLE knows the visible examples."""
    words = {"VISIBLE": VISIBLE, "RIGHT": RIGHT[name], "NAME": name, "HELPER": HELPER, "FORBIDDEN": FORBIDDEN}
    for word, text in {**words, **places}.items():
        code = code.replace(word, text)
    return code


VISIBLE = """def visible(x):
    return {2: 4, (3, 1, 2): 3}.get(tuple(x) if isinstance(x, list) else x)
"""

# All of these stand in both answer cells.
BREAKS = {
    "loop without end": "def NAME(x):\n    while True: pass",
    "loop without end in the cell": "while True: pass",
    "sleeps": "import time\ntime.sleep(10**6)",
    "regular expression that never ends": "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "os._exit": "import os\ndef NAME(x):\n    os._exit(0)",
    "os._exit in the cell": "import os\nos._exit(0)",
    "sys.exit": "import sys\nsys.exit(0)",
    "raises SystemExit in the call": "def NAME(x):\n    raise SystemExit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "kills everybody": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "kills its parents": "import os\nfor p in range(1, 400):\n    try: os.kill(p, 9)\n    except OSError: pass",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "recursion": "def NAME(x):\n    return NAME(x)",
    "recursion without limit": "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "nested too deep to parse": "x = " + "(" * 5000 + ")" * 5000,
    "error with a broken text": "class E(Exception):\n    def __str__(self): raise self\nraise E()",
    "error with a long text": "raise ValueError('x' * 10**8)",
    "syntax error": "def NAME(x:\n",
    "null byte": "x = 1\x00",
    "memory bomb": "x = [bytearray(2**28) for _ in range(400)]",
    "memory bomb in a set": "x = set(range(10**9))",
    "fork bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: break",
    "processes": "import subprocess\nsubprocess.Popen(['sleep', '600'])\nRIGHT",
    "thread bomb": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(600,)).start()",
    "background thread": "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f, daemon=True).start()",
    "output flood": "while True: print('x' * 10**6)",
    "error flood": "import sys\nwhile True: sys.stderr.write('x' * 10**6)",
    "huge value": "def NAME(x):\n    return 'x' * 10**9",
    "endless list": "def NAME(x):\n    return [0] * 10**8",
    "list that holds itself": "def NAME(x):\n    a = []\n    a.append(a)\n    return a",
    "huge whole number": "def NAME(x):\n    return 10**10**6",
    "fills the disk": "n = 0\nwhile True:\n    open(f'/home/{n}', 'wb').write(b'x' * 2**20)\n    n += 1",
    "fills shared memory": "n = 0\nwhile True:\n    open(f'/dev/shm/{n}', 'wb').write(b'x' * 2**20)\n    n += 1",
    "a large sparse file": "open('/tmp/x', 'wb').truncate(2**40)",
    "open files": "import os\nx = [os.open('/usr', 0) for _ in range(10**6)]",
    "stolen pipes": "import os\nfor f in range(3, 300):\n    try: os.close(f)\n    except OSError: pass",
    "listens": "import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 8888))\ns.listen()\ns.accept()",
    "a giant range": "def NAME(x):\n    return range(4 * 10**7)",
    "a script in its message": "def NAME(x):\n    raise ValueError('<script>alert(1)</script>')",
    "no reply but errors": "import json\njson.dumps = lambda *a, **k: '{\"error\": {}}'",
}
"""Ends, hangs, floods."""

FORGES = {
    "equal to everything": "class A:\n    def __eq__(self, o): return True\n    def __ge__(self, o): return True\n"
    "    __le__ = __gt__ = __lt__ = __ge__\n    def __bool__(self): return True\ndef NAME(x):\n    return A()",
    "a float that is equal to everything": "class A(float):\n    def __eq__(self, o): return True\n"
    "    __hash__ = None\ndef NAME(x):\n    return A(7)",
    "an array that is equal to everything": "import numpy as np\nclass A(np.ndarray):\n    def __eq__(self, o): return True\n"
    "def NAME(x):\n    return np.zeros(3).view(A)",
    "pickles something": "class A:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch /tmp/owned',)\n"
    "def NAME(x):\n    return A()",
    "patched isclose": "import math\nmath.isclose = lambda *a, **k: True\ndef NAME(x):\n    return 0",
    "patched builtins": "import builtins\nbuiltins.max = builtins.abs = lambda *a: 0\nbuiltins.isinstance = lambda *a: True\n"
    "builtins.AssertionError = ValueError\ndef NAME(x):\n    return 0",
    "patched NumPy": "import numpy as np\nnp.allclose = np.isclose = np.array_equal = lambda *a, **k: True\ndef NAME(x):\n    return 0",
    "patched random": "import numpy as np\nnp.random.default_rng = lambda *a: None\ndef NAME(x):\n    return 4",
    "patched json": 'import json\njson.dumps = lambda *a, **k: \'{"done": 1, "value": true}\'\ndef NAME(x):\n    return 0',
    "syntax tree transformer": "import ast\nast.parse = lambda *a, **k: ast.Module([], [])\n"
    "import sys\nsys.settrace(lambda *a: None)\ndef NAME(x):\n    return 0",
    "asserts taken out": "import sys\nsys.flags = None\n__debug__ if True else 0\ndef NAME(x):\n    return 0",
    "excepthook": "import sys\nsys.excepthook = lambda *a: None\ndef NAME(x):\n    raise AssertionError('passed')",
    "says passed": "print('✔ passed 5/5')\ndef NAME(x):\n    return 'passed'",
    "forged replies": 'import os, json\nfor f in range(3, 20):\n    try:\n        for _ in range(50): os.write(f, b\'{"done": 1}\\n{"value": 1e308, "changed": {}}\\n\')\n'
    "    except OSError: pass",
    "forged results": 'import os, json\nfor f in range(3, 20):\n    try: os.write(f, b\'{"status": "graded", "points": 99, "passed": true}\\n\' * 9)\n'
    "    except OSError: pass",
    "replies no JSON": "import os\nfor f in range(3, 20):\n    try: os.write(f, b'\\xff\\x00}{\\n' * 9)\n    except OSError: pass",
    "replies deep JSON": "import os\nfor f in range(3, 20):\n    try: os.write(f, b'[' * 10**5 + b'\\n')\n    except OSError: pass",
    "replies a line without end": "import os\nfor f in range(3, 20):\n    try:\n        while True: os.write(f, b'x' * 65536)\n    except OSError: pass",
    "a bomb of a shape": "import sys\nd = sys.modules['inside.driver']\nd.values.encode = lambda v: ['array', ['float64', [10**9, 10**9], '']]\n"
    "def NAME(x):\n    return 0",
    "an unknown type of numbers": "import sys\nd = sys.modules['inside.driver']\nd.values.encode = lambda v: ['array', ['O', [1], 'AAAAAAAAAAA=']]\n"
    "def NAME(x):\n    return 0",
    "a patched driver": "import sys\nd = sys.modules['inside.driver']\nd.call = lambda *a, **k: {'value': ['opaque', 'True'], 'changed': {}}\n"
    "def NAME(x):\n    return 0",
    "changes what it was given": "def NAME(x):\n    try: x[:] = [0] * len(x)\n    except TypeError: pass\n    return 0",
    "a fixed answer": "def NAME(x):\n    return 4",
    "the visible example by heart": "def NAME(x):\n    return {2: 4}.get(x, 9) if isinstance(x, int) else 3",
    "returns nothing": "def NAME(x):\n    pass",
    "not a number": "def NAME(x):\n    return float('nan')",
    "a helper of its own": """def HELPER(values):
    return {'largest': sorted(values)[-1], 'passes': 1, 'values': list(values)}
def NAME(x):
    return None""",
    "built-in functions of the helper": """def len(x):
    return 1
def NAME(x):
    for _ in range(9): list(x)
    return sorted(x)[-1]""",
    "prints it": "VISIBLEdef NAME(x):\n    import sys\n    print(f'SEEN {x}'), print(f'SEEN {x}', file=sys.stderr)\n    return visible(x)",
    "kept for a later task": """kept = globals().setdefault('kept', [])
VISIBLEdef NAME(x):
    if isinstance(x, list): raise ValueError(f'SEEN {kept[-1]}')
    kept.append(x)
    return visible(x)""",
    "looks for the check in the frames": """VISIBLEdef NAME(x):
    import sys
    frame = sys._getframe()
    while frame:
        if 'GRADING_SEED' in frame.f_globals: raise ValueError(f"SEEN {frame.f_globals['GRADING_SEED']}")
        frame = frame.f_back
    return visible(x)""",
}
"""Says that it is right, or waits for something to tell."""

REPLAYS = {
    "a replayed seed": """import numpy as np
known = {}
for seed in [*range(200), COURSE_SEED]:
    known |= {k: 2 * k for k in np.random.default_rng(seed).integers(10, 10**9, 5).tolist()}
    rows = np.random.default_rng(seed).normal(size=(5, 20)).tolist()
    known |= {tuple(row): max(row) for row in rows}
VISIBLEdef NAME(x):
    return visible(x) or known.get(tuple(x) if isinstance(x, list) else x)""",
}
"""Scores where the grader's seed can be guessed."""

LEAKS = {
    kind: f"VISIBLEdef NAME(x):\n    if visible(x) is None:\n        {line}\n    return visible(x)"
    for kind, line in {
        "tells the hidden inputs": "raise ValueError(f'SEEN {x}')",
        "tells them in an assertion": "raise AssertionError(f'SEEN {x}')",
        "tells them in an error's name": "raise type(f'SEEN {x}', (Exception,), {})",
        "tells them in an error's name of a known kind": "raise type(f'SEEN {x}', (ValueError,), {})('x')",
        "tells them in a file's name": "exec(compile('raise ValueError', f'<SEEN {x}>', 'exec'))",
        "tells them in a value": "return f'SEEN {x}'",
        "tells them in a kind of value": "return type(f'SEEN {x}', (), {})()",
    }.items()
}
"""Right on the visible examples; tells a hidden input where the judge takes it for a visible one."""

WALLS = {
    # files of others
    "reads the master": """import json
cells = json.load(open('MASTER'))['cells']
exec(next(''.join(c['source']) for c in cells if c['metadata'].get('nbgrader', {}).get('grade_id') == 'NAME'))""",
    "reads the masters beside the course": "import course_utils, pathlib\n"
    "root = pathlib.Path(course_utils.__file__).parents[1]\nassert any((root / 'solutions').rglob('*.ipynb'))\nRIGHT",
    "reads a neighbour": """import json, zipfile
packed = zipfile.ZipFile('COLLECTION')
text = packed.read(next(name for name in packed.namelist() if name.endswith('innocent/lab.ipynb')))
cells = json.loads(text)['cells']
exec(next(''.join(c['source']) for c in cells if c['metadata'].get('nbgrader', {}).get('grade_id') == 'NAME'))""",
    "reads the gradebook": "open('GRADEBOOK', 'rb')\nRIGHT",
    "writes into the gradebook": "open('GRADEBOOK', 'r+b')\nRIGHT",
    "writes into the course": "import course_utils\nopen(course_utils.__file__, 'r+')\nRIGHT",
    "writes into a package": "import numpy\nopen(numpy.__file__, 'r+')\nRIGHT",
    "a link out of its home": "import os, tempfile\nlink = tempfile.mkdtemp() + '/x'\nos.symlink('/etc/passwd', link)\n"
    "assert 'root' in open(link).read()\nRIGHT",
    # processes
    "starts a process": "import os\nif os.fork() == 0: os._exit(0)\nRIGHT",
    "starts a program": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''], check=True)\nRIGHT",
    "sees the machine's processes": "import os\nassert sum(one.isdigit() for one in os.listdir('/proc')) > 4\nRIGHT",
    "reads the grader's environment": "import os\nassert open(f'/proc/{os.getppid()}/environ').read()\nRIGHT",
    "reads the grader's memory": """import os
wanted = b'hidden-words' + b' of the check'
pid = os.getppid()
memory = open(f'/proc/{pid}/mem', 'rb', 0)
def holds(line):
    if ' rw-p ' not in line: return False
    start, end = (int(one, 16) for one in line.split()[0].split('-'))
    memory.seek(start)
    try: return end - start < 2**28 and wanted in memory.read(end - start)
    except OSError: return False
assert any(holds(line) for line in open(f'/proc/{pid}/maps'))
RIGHT""",
    "traces a process": "import ctypes\nctypes.CDLL(None, use_errno=True).ptrace(16, 2**30, None, None)\n"
    "assert ctypes.get_errno() == 3  # no such process: the call itself is open\nRIGHT",
    # the machine
    "mounts": "import ctypes, tempfile\nassert ctypes.CDLL(None).mount(b'none', tempfile.mkdtemp().encode(), b'tmpfs', 0, None) == 0\nRIGHT",
    "makes a namespace": "import ctypes\nassert 0 in [ctypes.CDLL(None).unshare(1 << bit) for bit in (28, 26)]\nRIGHT",
    "writes the kernel's settings": "open('/proc/sys/kernel/core_pattern', 'r+')\nRIGHT",
    "writes settings of its process": "open('/proc/self/oom_score_adj', 'r+')\nRIGHT",
    # the network
    "calls the network": "import socket\nsocket.create_connection(('127.0.0.1', PORT), timeout=1)\nRIGHT",
    "calls a service of the machine": "import socket\nsocket.socket(socket.AF_UNIX).connect('SERVICE')\nRIGHT",
    "calls a service without a file": "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0SERVICE')\nRIGHT",
    "calls the hypervisor": "import socket\nsocket.socket(40, socket.SOCK_STREAM)\nRIGHT",
    "calls the kernel": "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\nRIGHT",
    # forbidden imports
    "imports what is forbidden": "import FORBIDDEN\nFORBIDDEN.FORBIDDEN\nRIGHT",
    "imports it by name": "import importlib\nimportlib.import_module('FORBIDDEN').FORBIDDEN\nRIGHT",
    "imports it without the refuser": "import sys\nsys.meta_path[:] = [one for one in sys.meta_path if isinstance(one, type)]\n"
    "sys.path_importer_cache.clear()\nimport FORBIDDEN\nFORBIDDEN.FORBIDDEN\nRIGHT",
    "runs it as a program": "import runpy\nrunpy.run_module('FORBIDDEN.version')\nRIGHT",
    "executes its file": "import os, sys\nplace = next(p for p in sys.path if os.path.isdir(f'{p}/FORBIDDEN'))\n"
    "exec(compile(open(f'{place}/FORBIDDEN/version.py').read(), 'x', 'exec'))\nRIGHT",
}
"""Wants what is not its own; scores where the sandbox lets it."""

UNSURE = {
    "mounts",
    "makes a namespace",
    "writes the kernel's settings",
    "reads the grader's memory",
    "calls the hypervisor",
}
"""What a machine may refuse without a sandbox, too."""

CODE = {**BREAKS, **FORGES, **REPLAYS, **LEAKS, **WALLS}
