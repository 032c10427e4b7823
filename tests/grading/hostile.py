"""Hostile answers and notebooks, by kind: each wants points, hidden inputs, another student's work, or the machine.

The lab under attack has two tasks: `double`, three points, and `largest`, two points.
"""

import io
import json
import stat
import zipfile
from collections.abc import Callable

RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "largest": "def largest(values):\n    return max(values)",
}

# What stands in both answer cells. `NAME` becomes the name of the task's function.
CODE = {
    # ends, hangs, floods
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
    "processes": "import subprocess\nsubprocess.Popen(['sleep', '600'])",
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
    # says that it is right
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
    "a replayed seed": "import numpy as np\nrng = np.random.default_rng(0)\ndef NAME(x):\n    return float(rng.normal())",
    "returns nothing": "def NAME(x):\n    pass",
    "not a number": "def NAME(x):\n    return float('nan')",
    # wants what is not its own
    "reads the solutions": "import glob\nfound = [p for p in glob.glob('/**/solutions/**', recursive=True)]\ntext = open(found[0]).read()\nexec(text)",
    "reads the master in the repository": "import course_utils, pathlib\nroot = pathlib.Path(course_utils.__file__).parents[1]\n"
    "exec(next((root / 'solutions').rglob('*.ipynb')).read_text())",
    "reads the neighbours": "import glob\nexec(open(sorted(glob.glob('/**/*.ipynb', recursive=True))[0]).read())",
    "reads the gradebook": "import sqlite3\nc = sqlite3.connect('/graded/gradebook.sqlite')\nc.execute('update tasks set points = 9')",
    "finds a gradebook": "import glob\nopen(glob.glob('/**/*.sqlite', recursive=True)[0], 'r+b').write(b'x')",
    "reads the environment of its parent": "import os\nparent = open('/proc/1/environ').read()\nassert parent\ndef NAME(x):\n    return parent",
    "looks for the check in memory": "import gc\nfound = [o for o in gc.get_objects() if isinstance(o, str) and 'HIDDEN' in o]\nexec(found[0])",
    "looks for the check in the frames": "import sys\nf = sys._getframe()\nwhile f:\n    assert 'GRADING_SEED' not in f.f_globals\n    f = f.f_back\n"
    "def NAME(x):\n    return GRADING_SEED",
    "calls the network": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:80', timeout=3)",
    "asks a name server": "import socket\nsocket.getaddrinfo('example.org', 80)",
    "listens": "import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 8888))\ns.listen()\ns.accept()",
    "installs a package": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'cheat'], check=True)",
    "writes into the course": "import course_utils\nopen(course_utils.__file__, 'a').write('cheat')",
    "writes into the interpreter": "import os, sys\nopen(os.path.join(sys.prefix, 'cheat.pth'), 'w').write('x')",
    "mounts": "import ctypes\nassert ctypes.CDLL(None).mount(b'none', b'/home', b'tmpfs', 0, None) == 0",
    "makes a namespace": "import os, ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "traces its parent": "import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, None, None) == 0",
    "a link out of its home": "import os\nos.symlink('/etc/shadow', '/home/x')\nopen('/home/x').read()",
    "a script in its message": "def NAME(x):\n    raise ValueError('<script>alert(1)</script>')",
    "tells the hidden inputs": "def NAME(x):\n    raise ValueError(f'SEEN {x}')",
}
"""What stands in both answer cells; ``NAME`` is the task's function."""


def _cells(notebook: dict, grade_id: str) -> list[dict]:
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id]


def _forged_metadata(notebook: dict) -> dict:
    for name in RIGHT:
        for cell in _cells(notebook, f"{name}_check"):
            cell["source"] = "pass"
            cell["metadata"]["nbgrader"]["points"] = 1000
        for cell in _cells(notebook, name):
            cell["metadata"]["nbgrader"].update(points=1000, grade=True)
    return notebook


def _check_as_answer(notebook: dict) -> dict:
    for name in RIGHT:
        _cells(notebook, name)[0]["source"] = f"def check_{name}(): pass\ndef {name}(x): return None"
    return notebook


def _deleted(notebook: dict) -> dict:
    notebook["cells"] = [c for c in notebook["cells"] if "nbgrader" not in c["metadata"] or "check" in str(c)]
    return notebook


def _many_copies(notebook: dict) -> dict:
    copies = []
    for name in RIGHT:
        for guess in range(400):
            cell = json.loads(json.dumps(_cells(notebook, name)[0]))
            copies.append({**cell, "source": f"def {name}(x): return {guess}", "id": f"{name}{guess}"})
    notebook["cells"] += copies
    return notebook


def _magics(notebook: dict) -> dict:
    for name in RIGHT:
        _cells(notebook, name)[0]["source"] = f"%%javascript\nalert(1)\n!rm -rf /\ndef {name}(x): return 0"
    return notebook


def _script_in_outputs(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            html = {"text/html": "<script>alert(1)</script>"}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]
    return notebook


NOTEBOOKS: dict[str, Callable[[dict], dict]] = {
    "forged points in the metadata": _forged_metadata,
    "a check of its own": _check_as_answer,
    "deleted answers": _deleted,
    "four hundred copies of an answer": _many_copies,
    "magics and shell commands": _magics,
    "a script in the outputs": _script_in_outputs,
}
"""What is done to a blank released notebook."""

RAW = {
    "empty file": b"",
    "no JSON": b"<html>log in first</html>",
    "binary": bytes(range(256)) * 40,
    "half a notebook": b'{"cells": [{"cell_type": "code", "source": "def dou',
    "nested without end": b"[" * 200_000,
    "a list": b"[]",
    "a number": b"7",
    "cells are no list": b'{"cells": {"0": 1}, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells are no cells": b'{"cells": [1, null, "x", []], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "metadata are no metadata": b'{"cells": [{"cell_type": "code", "metadata": 7, "source": {"a": 1}}], "nbformat": 4}',
    "another encoding": '{"cells": []}'.encode("utf-16"),
    "another lab": b'{"cells": [{"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []}], "nbformat": 4}',
    "huge whole numbers": b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}",
}
"""Whole files."""


def zip_members(name: str) -> list[tuple[zipfile.ZipInfo, bytes]]:
    """Members of the collection's zip file that attack the one who opens it."""
    if name == "a link":
        member = zipfile.ZipInfo("a link 1/lab.ipynb")
        member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        return [(member, b"/etc/passwd")]
    if name == "a path out of the folder":
        return [(zipfile.ZipInfo(f"{name} 1/../../../../tmp/owned.ipynb"), b"{}")]
    if name == "an absolute path":
        return [(zipfile.ZipInfo("/an absolute path 1/tmp/owned.ipynb"), b"{}")]
    if name == "a zip bomb":
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("lab.ipynb", b"0" * (60 << 20))
        return [(zipfile.ZipInfo(f"{name} 1/hand-in.zip"), inner.getvalue())]
    if name == "=cmd|' C calc'!A0":
        return [(zipfile.ZipInfo(f"{name} 1/lab.ipynb"), b"{}")]
    return [(zipfile.ZipInfo(f"{name} 1/lab.ipynb"), b"{}")]


ARCHIVES = (
    "a link",
    "a path out of the folder",
    "an absolute path",
    "a zip bomb",
    "=cmd|' C calc'!A0",
    "<script>alert(1)<script>",
    "a name of 300 letters " + "x" * 280,
)
