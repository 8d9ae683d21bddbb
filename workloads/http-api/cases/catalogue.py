# Makes services.json from the API models of botocore, of each API the newest version. The argument is the folder botocore/data.
import gzip
import html
import json
import pathlib
import re
import sys

services = []
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    versions = sorted(folder.glob("*/service-2.json.gz"))
    if not versions:
        continue
    with gzip.open(versions[-1]) as file:
        model = json.load(file)
    metadata = model["metadata"]
    prose = re.sub(r"<fullname>.*?</fullname>", " ", model.get("documentation", ""), flags=re.S)
    prose = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", prose)).split())
    sentence = re.split(r"(?<=[.!?])\s", prose)[0]
    services.append(
        {
            "id": folder.name,
            "name": metadata["serviceFullName"],
            "api_version": metadata["apiVersion"],
            "protocol": metadata["protocol"],
            "operations": len(model["operations"]),
            "summary": sentence,
        }
    )
services.sort(key=lambda service: service["id"].encode())
with open("services.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(s, ensure_ascii=False) for s in services) + "\n]\n")
