"""Signs and reads this issuer's tokens; refuses one that was made for another use, though the signature is right."""

import base64
import hashlib
import json
import time
import uuid
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

AUDIENCE: Final = "osler"
PERSONA_GRANT: Final = "urn:osler:grant-type:persona"
"""How the command line asks for a token; no client of a real issuer knows it."""
ACCESS_SECONDS: Final = 600
_REFRESH_SECONDS: Final = 12 * 3600
_ALGORITHM: Final = "RS256"
_ACCESS, _REFRESH, _IDENTITY = "at+jwt", "rt+jwt", "JWT"


class TokenRefused(Exception):
    """A token is not one of ours, is over, or was made for another use."""


class Signer:
    """The issuer's name and key."""

    def __init__(self, issuer: str, pem: str) -> None:
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("The issuer signs with an RSA key.")
        self.issuer = issuer
        self._key = key
        public: dict[str, str] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        required = {name: public[name] for name in ("e", "kty", "n")}
        thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest()  # RFC 7638
        self._kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
        self.jwks = {"keys": [{**required, "kid": self._kid, "use": "sig", "alg": _ALGORITHM}]}

    def access_token(self, subject: str, client_id: str) -> str:
        """A token for Osler's services (RFC 9068): who, and neither name nor role."""
        return self._sign(_ACCESS, subject, AUDIENCE, ACCESS_SECONDS, {"client_id": client_id})

    def refresh_token(self, subject: str, client_id: str) -> str:
        """A token that gets its client another access token."""
        return self._sign(_REFRESH, subject, self.issuer, _REFRESH_SECONDS, {"client_id": client_id})

    def id_token(self, subject: str, client_id: str, nonce: str | None) -> str:
        """A token that tells the client who signed in (OpenID Connect Core, section 2)."""
        said: dict[str, Any] = {"auth_time": int(time.time())} | ({"nonce": nonce} if nonce else {})
        return self._sign(_IDENTITY, subject, client_id, ACCESS_SECONDS, said)

    def subject_of_access(self, token: str) -> str:
        """Who shows this access token; raises TokenRefused."""
        return str(self._read(token, _ACCESS, AUDIENCE)["sub"])

    def subject_of_refresh(self, token: str, client_id: str) -> str:
        """Whom this client may get another access token for; raises TokenRefused."""
        claims = self._read(token, _REFRESH, self.issuer)
        if claims.get("client_id") != client_id:
            raise TokenRefused("The refresh token belongs to another client.")
        return str(claims["sub"])

    def _sign(self, kind: str, subject: str, audience: str, seconds: int, more: dict[str, Any]) -> str:
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + seconds}
        claims = {"iss": self.issuer, "sub": subject, "aud": audience, "jti": str(uuid.uuid4()), **times, **more}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"typ": kind, "kid": self._kid})

    def _read(self, token: str, kind: str, audience: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(token).get("typ") != kind:
                raise TokenRefused("The token was made for another use.")
            options: Any = {"require": ["sub", "exp", "iat"]}
            return jwt.decode(
                token, self._key.public_key(), [_ALGORITHM], options, audience=audience, issuer=self.issuer
            )
        except jwt.PyJWTError as wrong:
            raise TokenRefused(f"The token is not valid: {wrong}.") from wrong


def new_key() -> str:
    """A fresh private key as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
