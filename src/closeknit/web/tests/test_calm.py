import gc
import subprocess
import sys

SHOWN = """
import gc, sys
from closeknit.web import boot
boot.prepare()
before = gc.get_threshold()[0], sys.getswitchinterval(), gc.get_freeze_count()
import closeknit.web.wsgi
after = gc.get_threshold()[0], sys.getswitchinterval(), gc.get_freeze_count()
print(before[0] < after[0], before[1] > after[1], before[2] < after[2])
"""


def test_the_server_collects_seldom_and_lets_threads_wait_little():
    before = gc.get_threshold()
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, timeout=240)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr
    assert gc.get_threshold() == before
