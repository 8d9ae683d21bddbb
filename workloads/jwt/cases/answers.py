# Answers every case with PyJWT. The time is not that of the clock but that of the event.
import datetime
import glob
import json

import jwt

KEY_SETS = {"https://login.kelvin.example": "issuer.jwks.json", "joe": "rfc7515.jwks.json"}
REASONS = {  # the first that fits
    jwt.ExpiredSignatureError: "expired",
    jwt.ImmatureSignatureError: "not_yet_valid",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
    jwt.InvalidAlgorithmError: "algorithm",
    jwt.InvalidSignatureError: "signature",
    KeyError: "unknown_key",
}


def key_of(token, key_set):
    header = jwt.get_unverified_header(token)
    if "kid" not in header:
        (key,) = key_set.keys
        return key
    return key_set[header["kid"]]


def answer(event):
    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(event["now"], tz)

    jwt.api_jwt.datetime = Clock
    with open(KEY_SETS[event["issuer"]]) as file:
        key_set = jwt.PyJWKSet.from_json(file.read())
    try:
        claims = jwt.decode(
            event["token"],
            key_of(event["token"], key_set),
            algorithms=["RS256"],
            issuer=event["issuer"],
            audience=event.get("audience"),
            options={"require": ["exp", "iss"]},
        )
        return {"valid": True, "claims": claims}
    except tuple(REASONS) as error:
        return {"valid": False, "reason": next(REASONS[kind] for kind in REASONS if isinstance(error, kind))}


for name in sorted(glob.glob("*.event.json")):
    with open(name) as file:
        verdict = answer(json.load(file))
    with open(name.replace(".event.", ".answer."), "w") as file:
        file.write(json.dumps(verdict, indent=2) + "\n")
    print(name, verdict["valid"], verdict.get("reason", ""))
