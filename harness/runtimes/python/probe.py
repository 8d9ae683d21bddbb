# Says which Python this is, whether AWS's runtime interface client works in it, and what it reads when it starts.
import sys

# The current folder, which -c adds: functions have another one.
sys.path[:] = [folder for folder in sys.path if folder]

import importlib.util
import json
import os
import sysconfig

client, why = None, None
try:
    import awslambdaric.bootstrap

    client = {"version": awslambdaric.__version__}
except Exception as error:
    if importlib.util.find_spec("awslambdaric"):
        why = "%s: %s" % (type(error).__name__, error)

reads = {os.path.realpath(sys.executable)}
for module in list(sys.modules.values()):
    for name in ("__file__", "__cached__"):
        path = getattr(module, name, None)
        if isinstance(path, str) and os.path.isfile(path):
            reads.add(os.path.realpath(path))
if client is None:
    reads.add(sysconfig.get_paths()["stdlib"])

print(
    json.dumps(
        {
            "program": sys.executable,
            "version": "%d.%d.%d" % sys.version_info[:3],
            "client": client,
            "why": why,
            "reads": sorted(reads),
        }
    )
)
