"""A small OpenID Connect provider in a process of its own, for tests: discovery, authorization with PKCE, token, keys, logout. Real HTTP, real
signatures. `python identity_provider.py PORT` serves; POST /next says who signs in next and how the provider misbehaves."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "gvrc", "a-client-secret-of-the-tests"
PERSON = {"sub": "person-1", "email": "amina@example.org", "email_verified": True, "name": "Amina Example", "groups": []}


class Provider(ThreadingHTTPServer):
    """State of the provider: keys, open codes, who comes next."""

    key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    other_key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.person: dict[str, object] = dict(PERSON)
        self.twist = ""
        self.codes: dict[str, dict[str, str]] = {}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        claims |= {
            "nonce": {"nonce": "another"}, "audience": {"aud": "somebody-else"}, "issuer": {"iss": "http://127.0.0.1:1"}, "expired": {"exp": now - 900, "iat": now - 1200},
        }.get(self.twist, {})
        if self.twist == "secret":
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"])
        if self.twist == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.other_key if self.twist == "forged" else self.key)


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        issuer = self.server.issuer
        if parts.path == "/.well-known/openid-configuration":
            self._json({
                "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys",
                "end_session_endpoint": f"{issuer}/logout",
            })
        elif parts.path == "/keys":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = given
            self._go(f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}")
        elif parts.path == "/logout":
            self._go(given["post_logout_redirect_uri"])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/next":
            said = json.loads(body)
            self.server.twist, self.server.person = said.pop("twist", ""), {**PERSON, **said}
            self._json({})
            return
        given = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.server.codes.pop(given.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        login = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic ")).decode()
        is_right = asked and asked["code_challenge_method"] == "S256" and asked["code_challenge"] == challenge and asked["redirect_uri"] == given["redirect_uri"]
        if not is_right or login != f"{CLIENT_ID}:{CLIENT_SECRET}":
            self._json({"error": "invalid_grant"}, 400)
            return
        self._json({"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60, "id_token": self.server.id_token(asked)})

    def _json(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _go(self, target: str) -> None:
        self.send_response(302)
        self.send_header("location", target)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


if __name__ == "__main__":
    provider = Provider(int(sys.argv[1]))
    print(provider.issuer, flush=True)
    provider.serve_forever()
