# Says which Python this is, and whether AWS's runtime interface client works in it.
import json
import sys

try:
    import awslambdaric.bootstrap

    client = {"version": awslambdaric.__version__}
except Exception:
    client = None

print(json.dumps({"program": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3], "client": client}))
