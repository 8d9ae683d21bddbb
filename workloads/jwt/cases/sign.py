# Makes an issuer's keys, publishes them as a key set, and signs the tokens of the cases. The keys are then thrown away,
# so each run makes other keys and other tokens.
import base64
import hashlib
import hmac
import json
import subprocess

import jwt
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://login.kelvin.example"
AUDIENCE = "https://api.kelvin.example"
NOW = 1_795_435_200  # 2026-11-23T12:00:00Z
CLAIMS = {
    "iss": ISSUER,
    "aud": [AUDIENCE, "https://reports.kelvin.example"],
    "sub": "user-1042",
    "iat": NOW - 600,
    "nbf": NOW - 600,
    "exp": NOW + 3000,
    "jti": "7d0a1f0e-52c5-4c59-9d57-0c3a1be5fd16",
    "client_id": "kelvin-web",
    "scope": "openid profile email reports:read reports:write",
    "groups": ["engineers", "reviewers"],
}


def new_key(kid):
    pem = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True).stdout
    private = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return pem, {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": jwk["n"], "e": jwk["e"]}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def write(name, value):
    with open(name, "w") as file:
        file.write(json.dumps(value, indent=2) + "\n")


keys = {kid: new_key(kid) for kid in ["2026-09", "2026-10", "2026-11"]}
stranger, _ = new_key("2026-12")
write("issuer.jwks.json", {"keys": [jwk for _, jwk in keys.values()]})


def sign(claims, kid="2026-11", key=None):
    return jwt.encode(claims, key or keys[kid][0], algorithm="RS256", headers={"kid": kid})


def unsafe(algorithm, signature):
    """A token as an attacker makes it who has only what is public. PyJWT refuses to."""
    header = {"alg": algorithm, "kid": "2026-11", "typ": "JWT"}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, CLAIMS))
    return f"{signed}.{base64url(signature(signed.encode()))}"


def hmac_with_public_key(signed):
    pem = subprocess.run(
        ["openssl", "rsa", "-pubout"], input=keys["2026-11"][0], check=True, capture_output=True
    ).stdout
    return hmac.digest(pem, signed, hashlib.sha256)


def case(name, token, issuer=ISSUER, audience=AUDIENCE, now=NOW):
    event = {"token": token, "issuer": issuer, "audience": audience, "now": now}
    write(f"{name}.event.json", {key: value for key, value in event.items() if value is not None})


header, claims, signature = sign(CLAIMS).split(".")
admin = base64url(json.dumps(CLAIMS | {"groups": ["administrators"]}).encode())

case("valid", sign(CLAIMS))
case("older-key", sign(CLAIMS, kid="2026-09"))
case("expired", sign(CLAIMS), now=CLAIMS["exp"])
case("not-yet", sign(CLAIMS), now=CLAIMS["nbf"] - 1)
case("other-issuer", sign(CLAIMS | {"iss": "https://login.other.example"}))
case("other-audience", sign(CLAIMS), audience="https://billing.kelvin.example")
case("unknown-key", sign(CLAIMS, kid="2026-12", key=stranger))
case("wrong-key", sign(CLAIMS, key=stranger))
case("tampered", f"{header}.{admin}.{signature}")
case("unsigned", unsafe("none", lambda _: b""))
case("hmac-with-public-key", unsafe("HS256", hmac_with_public_key))
