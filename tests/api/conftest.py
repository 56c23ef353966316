"""The API in this process over a real database, and tokens of every role."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gvrc import tokens
from gvrc.api import create_api
from gvrc.commit import commit
from gvrc.model.access import Actor, Role
from gvrc.settings import Settings
from gvrc.store.keeper import DatabaseKeeper
from gvrc.store.session import Database
from tests.staged_records import Staged


@pytest.fixture
def staged(database: Database) -> Staged:
    return Staged(database)


@pytest.fixture
def publish(database: Database, settings: Settings, admin: Actor) -> Callable[..., Any]:
    return lambda run_id, **options: commit(database, settings, admin, run_id, **options)


@pytest.fixture
def token_of(database: Database, admin: Actor) -> Callable[[Role], str]:
    """Makes a token of a role."""
    return lambda role: tokens.add_token(database, admin, label=f"{role.value}-{uuid.uuid4().hex[:6]}", role=role).token


@pytest.fixture
def api(settings: Settings, database: Database) -> FastAPI:
    return create_api(settings, DatabaseKeeper(settings=settings, _database=database))


@pytest.fixture
def client(api: FastAPI, token_of: Callable[[Role], str]) -> Iterator[TestClient]:
    """A viewer's client."""
    with TestClient(api, raise_server_exceptions=False, headers={"authorization": f"Bearer {token_of(Role.VIEWER)}"}, follow_redirects=False) as found:
        yield found


@pytest.fixture
def client_of(api: FastAPI, token_of: Callable[[Role], str]) -> Callable[[Role], TestClient]:
    return lambda role: TestClient(api, raise_server_exceptions=False, headers={"authorization": f"Bearer {token_of(role)}"}, follow_redirects=False)


@pytest.fixture
def nobody(api: FastAPI) -> TestClient:
    """A client without a token."""
    return TestClient(api, raise_server_exceptions=False, follow_redirects=False)

