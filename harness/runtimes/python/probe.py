# Says which Python this is, whether AWS's runtime interface client works in it, and what it reads when it starts.
import json
import os
import sys
import sysconfig

try:
    import awslambdaric.bootstrap

    client = {"version": awslambdaric.__version__}
except Exception:
    client = None

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
            "reads": sorted(reads),
        }
    )
)
