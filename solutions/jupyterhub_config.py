"""A class on JupyterHub: each student gets the released labs at the first start, and hands in by leaving them there.

    jupyterhub -f solutions/jupyterhub_config.py         a class: the accounts of this machine
    COURSE_HUB_TRIAL=homes jupyterhub -f …               a trial on 127.0.0.1: any name, any password, homes below it

COURSE_LABS names the folder of released labs; ``labs/`` of this repository when left out. Students must be able to
read it, and should not be able to read ``solutions/``. ``python solutions/collect.py`` gathers what was handed in.
"""

import os
from pathlib import Path

c = get_config()  # JupyterHub puts it there

labs = Path(os.environ.get("COURSE_LABS") or Path(__file__).resolve().parents[1] / "labs")
trial = os.environ.get("COURSE_HUB_TRIAL")

# Copied by the student's own process, not by a pre_spawn_hook: that one runs as the hub, often root, and would write
# through whatever link a student has put in its way. A file that is there already stays as the student left it.
COPY = """mkdir -p "$HOME/labs"; cp -rn --no-preserve=mode "$0"/. "$HOME/labs/"; exec jupyterhub-singleuser "$@" """
c.Spawner.cmd = ["sh", "-c", COPY, str(labs)]
c.Spawner.default_url = "/lab/tree/labs"
c.Spawner.environment = {"COURSE_PROGRESS": "0"}
c.Spawner.mem_limit = "4G"  # a lab needs 1 to 2; LocalProcessSpawner does not enforce it, DockerSpawner does

c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # a web server with a certificate stands before it
if trial:
    # Run it as an ordinary user: Jupyter does not start as root. One account for all: whoever logs in can read
    # everybody's files. Never beyond 127.0.0.1.
    c.JupyterHub.authenticator_class = "dummy"
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = f"{Path(trial).resolve()}/{{username}}"
else:
    # PAM and one account a student; the hub runs as root. In place of PAM: oauthenticator; in place of processes:
    # dockerspawner.DockerSpawner with an image that holds the course, and the homes as volumes.
    c.JupyterHub.authenticator_class = "pam"
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Authenticator.allow_all = True  # or allowed_users = {"ann", "bob"}
