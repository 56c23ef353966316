"""Many stewards at once, by the protocol that browsers speak: a websocket with protobuf messages, without the browsers.

Each steward walks from page to page and, where a question is open, skips to the next one; an action every five seconds, at moments of their own.
An action counts from its message to the end of the script it starts.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.desk.pages import Served

PAUSE_SECONDS = 5.0
WALK = ("home", "review", "review", "duplicates", "duplicates", "records", "registry", "map")
SKIP = "Skip"
ANSWER_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the crowd met: how long each action took, how many failed, the greatest memory of the server in MB."""

    milliseconds: list[float] = field(default_factory=list)
    errors: int = 0
    memory_mb: float = 0.0


class Steward:
    """One signed-in socket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._skip: str | None = None

    async def act(self, page: str) -> bool:
        """Skip the open question when there is one, else go to a page; whether the script ended well."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_name = page
        if self._skip is not None:
            pressed = WidgetState(id=self._skip, trigger_value=True)
            message.rerun_script.widget_states.widgets.append(pressed)
            self._skip = None
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answered()

    async def _answered(self) -> bool:
        has_failed = False
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self._socket.recv())
            for element in _elements(answer):
                kind = element.WhichOneof("type")
                has_failed = has_failed or kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR)
                if kind == "button" and element.button.label.startswith(SKIP) and not element.button.disabled:
                    self._skip = element.button.id
            if answer.WhichOneof("type") == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return not has_failed


def _elements(answer: ForwardMsg) -> Iterator[object]:
    if answer.WhichOneof("type") == "delta" and answer.delta.WhichOneof("type") == "new_element":
        yield answer.delta.new_element


def run(server: Served, username: str, password: str, *, stewards: int, seconds: float) -> Outcome:
    """Let them work for so many seconds."""
    return asyncio.run(_crowd(server, username, password, stewards, seconds))


async def _crowd(server: Served, username: str, password: str, stewards: int, seconds: float) -> Outcome:
    outcome = Outcome()
    async with httpx.AsyncClient(base_url=server.address, headers={"origin": server.address}) as client:
        answer = await client.post("/auth/sign-in", data={"username": username, "password": password})
        cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    until = time.monotonic() + seconds
    watching = asyncio.create_task(_watch(server.pid, outcome))
    await asyncio.gather(*(_work(server, cookie, number, until, outcome) for number in range(stewards)))
    watching.cancel()
    return outcome


async def _work(server: Served, cookie: str, number: int, until: float, outcome: Outcome) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, PAUSE_SECONDS))
    address = f"{server.address.replace('http', 'ws', 1)}/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], additional_headers={"cookie": cookie}, origin=server.address, max_size=None) as socket:
        steward = Steward(socket)
        await steward.act("")  # the first view of a new tab is counted by the browser's figures
        step = chance.randrange(len(WALK))
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * PAUSE_SECONDS)
            started = time.perf_counter()
            with suppress(TimeoutError):
                if await steward.act(WALK[step % len(WALK)]):
                    outcome.milliseconds.append((time.perf_counter() - started) * 1000)
                    step += 1
                    continue
            outcome.errors += 1
            step += 1


async def _watch(pid: int, outcome: Outcome) -> None:
    process = psutil.Process(pid)
    while True:
        outcome.memory_mb = max(outcome.memory_mb, process.memory_info().rss / 1e6)
        await asyncio.sleep(0.5)
