"""Makes the same text in another language, and takes the SHA-256 of each answer in canonical JSON."""

import gzip
import hashlib
import json
import string

LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
block, state = "", 1
for _ in range(65536):
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    state ^= state << 5 & 0xFFFFFFFF
    block += LETTERS[state >> 26]

for name, length in [("1-kB", 1_000), ("100-kB", 100_000), ("1-MB", 1_000_000)]:
    text = (block * (length // len(block) + 1))[:length]
    answer = json.dumps({"data": text, "request_bytes": length}, separators=(",", ":"), sort_keys=True)
    with open(f"{name}.sha256", "w") as file:
        file.write(hashlib.sha256(answer.encode()).hexdigest() + "\n")
    print(name, f"{len(gzip.compress(text.encode())) / length:.0%} of its size with gzip")
