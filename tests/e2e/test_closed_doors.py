"""The served application, cold and signed out: every path and socket shows nothing but the way to the sign-in."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import websockets

from gvrc.settings import PROJECT_DIR

PAGES = [f"/{page.stem}" for page in sorted((PROJECT_DIR / "pages").glob("*.py"))]
ROUTES = [
    "/", *PAGES, "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/x/y", "/_stcore/agent/openapi.json", "/_stcore/allowed-message-origins",
    "/media/x.csv", "/static/js/index.js", "/index.html", "/favicon.png", "/component/x/y", "/auth/login", "/auth/logout", "/docs", "/openapi.json", "/pages/upload.py",
]


@pytest.mark.timeout(300)
def test_every_page_and_route_cold_and_signed_out_shows_nothing_but_the_sign_in(application) -> None:  # type: ignore[no-untyped-def]
    with httpx.Client(base_url=application.address, headers={"accept": "text/html"}) as browser:
        for path in ROUTES:
            answer = browser.get(path, follow_redirects=True)
            assert answer.url.path in ("/auth/sign-in", "/auth/setup"), path
            assert "stApp" not in answer.text, path
            assert "streamlit" not in answer.text.lower(), path
            assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert browser.put("/_stcore/upload_file/x/y", content=b"{}").status_code == 401
        assert set(browser.get("/health").json()) == {"status"}
        assert browser.get("/metrics").status_code == 401
    assert asyncio.run(handshake(application.address)) == 403


async def handshake(address: str) -> int:
    try:
        async with websockets.connect(address.replace("http", "ws", 1) + "/_stcore/stream", subprotocols=["streamlit"]):  # type: ignore[list-item]
            return 101
    except websockets.exceptions.InvalidStatus as refused:
        return refused.response.status_code
