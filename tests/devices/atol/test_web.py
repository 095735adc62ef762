"""The request queue over HTTP (design rule 9): nothing is sent twice, nothing is believed that was not read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from posapp.devices.atol.tasks import Busy, Lost, NotSent, TaskFailed
from posapp.devices.atol.web import Patience, WebTasks
from tests.devices.atol.scripted_server import CUT, READY, Queue, failed, serving

SELL = {"type": "sell", "items": [], "payments": []}
ASK = {"type": "getDeviceStatus"}
UUID = "6a8f2f0e-0c0f-4c53-9a3a-1f3f6f1f8a01"
OTHER = "6a8f2f0e-0c0f-4c53-9a3a-1f3f6f1f8a02"


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def web(queue: Queue, clock: Clock) -> Iterator[WebTasks]:
    with serving(queue) as url:
        tasks = WebTasks(
            url, lambda: "kassa:secret-of-the-server", clock=clock, pause=clock.wait, patience=Patience(poll=1.0)
        )
        tasks.open()
        queue.log.clear()
        yield tasks
        tasks.close()


def posts(queue: Queue) -> list[str]:
    return [uuid for uuid, _ in queue.posted]


# --- performing


def test_a_task_is_posted_once_under_its_uuid_and_asked_for_until_it_is_done(queue: Queue, web: WebTasks) -> None:
    queue.script = ["wait", "wait", "inProgress", READY]
    assert web.perform(SELL, 60, UUID) == {"done": True}
    assert queue.posted == [(UUID, [SELL])]
    assert queue.log == [("POST", "/requests"), *[("GET", f"/requests/{UUID}")] * 4]


def test_a_question_takes_a_uuid_of_its_own_each_time(queue: Queue, web: WebTasks) -> None:
    web.perform(ASK, 10)
    web.perform(ASK, 10)
    assert len(set(posts(queue))) == 2


def test_several_questions_go_in_one_request(queue: Queue, web: WebTasks) -> None:
    queue.script = [[{**READY, "result": {"a": 1}}, {**READY, "result": {"b": 2}}]]
    assert web.read([ASK, {"type": "getShiftStatus"}], 10) == [{"a": 1}, {"b": 2}]
    assert len(queue.posted) == 1


def test_an_error_is_told_with_its_number(queue: Queue, web: WebTasks) -> None:
    queue.script = [failed(68, "Смена превысила 24 часа")]
    with pytest.raises(TaskFailed) as told:
        web.perform(SELL, 60, UUID)
    assert (told.value.code, told.value.description) == (68, "Смена превысила 24 часа")


@pytest.mark.parametrize("status, code", [("interrupted", 502), ("canceled", 503)])
def test_interrupted_and_canceled_are_failures_that_prove_nothing(
    queue: Queue, web: WebTasks, status: str, code: int
) -> None:
    queue.script = [status]
    with pytest.raises(TaskFailed) as told:
        web.perform(SELL, 60, UUID)
    assert told.value.code == code


def test_a_server_that_is_not_there_was_sent_nothing(clock: Clock) -> None:
    tasks = WebTasks("http://127.0.0.1:9", lambda: "", clock=clock, pause=clock.wait)
    for act in (tasks.open, lambda: tasks.perform(SELL, 60, UUID)):
        with pytest.raises(NotSent):
            act()


def test_something_else_at_the_address_is_no_server(queue: Queue, clock: Clock) -> None:
    with serving(queue) as url:
        tasks = WebTasks(url, lambda: "", clock=clock, pause=clock.wait)
        answers: list[tuple[int, object]] = [(200, b"<html>router</html>"), (404, {}), (200, ["x"])]
        for answer in answers:
            queue.info = answer
            with pytest.raises(NotSent) as told:
                tasks.open()
            assert told.value.code == "atol_server"
    assert queue.posted == []


@pytest.mark.parametrize("given", ["", "kassa", "kassa:wrong"])
def test_a_wrong_login_is_said_and_nothing_is_taken(queue: Queue, clock: Clock, given: str) -> None:
    queue.login = "kassa:right"
    with serving(queue) as url:
        tasks = WebTasks(url, lambda: given, clock=clock, pause=clock.wait)
        with pytest.raises(NotSent) as told:
            tasks.perform(SELL, 60, UUID)
        assert told.value.code == "atol_login"
        assert queue.known == {}
        assert given == "" or given not in str(told.value)
        tasks.close()
        right = WebTasks(url, lambda: "kassa:right", clock=clock, pause=clock.wait)
        assert right.perform(SELL, 60, UUID) == {"done": True}
        right.close()


# --- an unclear POST is answered by GET


@pytest.mark.parametrize("answer", [CUT, (500, {}), (502, b"<html>"), (201, b"{"), (409, {}), (200, {})])
def test_an_unclear_post_that_was_taken_is_followed_by_get_and_never_repeated(
    queue: Queue, web: WebTasks, answer: tuple[int, object]
) -> None:
    queue.script = ["inProgress", READY]
    queue.on_post = lambda uuid: answer
    assert web.perform(SELL, 60, UUID) == {"done": True}
    assert posts(queue) == [UUID]


@pytest.mark.parametrize("answer", [CUT, (500, {}), (400, {}), (409, {"error": {"code": 505, "description": "нет"}})])
def test_an_unclear_post_that_is_not_known_is_lost_for_it_may_still_arrive(
    queue: Queue, web: WebTasks, answer: tuple[int, object]
) -> None:
    queue.on_post = lambda uuid: answer
    queue.takes_before_answer = False
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    assert posts(queue) == [UUID], "never a second POST"
    with pytest.raises(NotSent):
        web.perform(ASK, 10)


def test_a_question_whose_connection_had_gone_is_asked_once_more_and_a_task_never(queue: Queue, web: WebTasks) -> None:
    answers = iter([CUT])
    queue.on_post = lambda uuid: next(answers, None)
    queue.takes_before_answer = False
    assert web.perform(ASK, 10) == {"done": True}
    assert len(set(posts(queue))) == 2
    answers = iter([CUT])
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    assert posts(queue).count(UUID) == 1


def test_answers_that_are_lost_on_the_way_are_asked_for_again(queue: Queue, web: WebTasks) -> None:
    lost = iter([CUT, None, CUT, CUT])
    queue.script = ["wait", "inProgress", READY]
    queue.on_get = lambda uuid: next(lost, None)
    assert web.perform(SELL, 60, UUID) == {"done": True}
    assert posts(queue) == [UUID]


def test_a_server_that_goes_away_while_it_prints_is_no_refusal(queue: Queue, web: WebTasks, clock: Clock) -> None:
    queue.on_get = lambda uuid: CUT
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    assert clock.now < 60, "a server that is gone is not waited for to the end"


@pytest.mark.parametrize("said", [404, 500])
def test_a_request_that_vanishes_is_lost(queue: Queue, web: WebTasks, said: int) -> None:
    queue.on_get = lambda uuid: (said, {})
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)


@pytest.mark.parametrize(
    "said",
    [
        {"results": []},
        {"results": [READY, READY]},
        {"results": [{"status": "ready", "result": None}]},
        {"results": [{"status": "ready", "result": [1]}]},
        {"results": [{"status": "weird"}]},
        {"results": "ready"},
        {"results": [None]},
        ["ready"],
        b"{",
    ],
)
def test_an_answer_that_makes_no_sense_is_never_a_result(queue: Queue, web: WebTasks, said: object) -> None:
    queue.on_get = lambda uuid: (200, said)
    with pytest.raises(Lost):
        web.perform(SELL, 3, UUID)


def test_it_is_waited_for_as_long_as_was_said_and_then_lost(queue: Queue, web: WebTasks, clock: Clock) -> None:
    queue.script = ["inProgress"]
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    assert 60 <= clock.now < 62
    assert not any(method == "DELETE" for method, _ in queue.log), "recovery ends it"


def test_a_blocked_request_is_waited_for_a_moment_only(queue: Queue, web: WebTasks, clock: Clock) -> None:
    queue.script = ["blocked"]
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    assert clock.now < 15


def test_a_question_behind_a_blocked_queue_is_taken_back_and_the_reason_told(
    queue: Queue, web: WebTasks, clock: Clock
) -> None:
    queue.script, queue.is_blocked, queue.block_reason = ["wait"], True, "paperError"
    with pytest.raises(Busy) as told:
        web.perform(ASK, 100)
    assert clock.now < 15
    assert told.value.code == "atol_queue"
    assert "бумаг" in str(told.value)
    (entry,) = queue.known.values()
    assert isinstance(entry.script[0], dict), "it was deleted"


# --- ending a request


@pytest.mark.parametrize("last", [READY, failed(68), "interrupted", "canceled"])
def test_what_is_over_can_no_longer_run(queue: Queue, web: WebTasks, last: object) -> None:
    queue.script = [last]
    web_posted(web, queue)
    web.end_request(UUID)
    assert posts(queue) == [UUID]


def web_posted(web: WebTasks, queue: Queue) -> None:
    """The request is in the queue, and we know nothing more of it."""
    queue.on_get = lambda uuid: CUT
    with pytest.raises(Lost):
        web.perform(SELL, 60, UUID)
    queue.on_get = lambda uuid: None
    queue.log.clear()


def test_what_waits_is_deleted(queue: Queue, web: WebTasks) -> None:
    queue.script = ["wait"]
    web_posted(web, queue)
    web.end_request(UUID)
    assert ("DELETE", f"/requests/{UUID}") in queue.log
    assert queue.known[UUID].script[0]["status"] == "canceled"


def test_what_began_before_the_delete_is_waited_for(queue: Queue, web: WebTasks) -> None:
    queue.script = ["wait", "inProgress", "inProgress", READY]
    queue.on_delete = lambda uuid: (409, {})
    web_posted(web, queue)
    web.end_request(UUID)
    assert queue.log[-1] == ("GET", f"/requests/{UUID}")


def test_a_delete_whose_answer_is_lost_is_followed_by_get(queue: Queue, web: WebTasks) -> None:
    web_posted_with(web, queue, ["wait", "canceled"])
    queue.on_delete = lambda uuid: CUT
    web.end_request(UUID)


def web_posted_with(web: WebTasks, queue: Queue, script: list[object]) -> None:
    queue.script = script
    web_posted(web, queue)


@pytest.mark.parametrize("state", ["inProgress", "blocked", "weird"])
def test_what_may_still_run_is_busy(queue: Queue, web: WebTasks, state: str) -> None:
    queue.script, queue.block_reason = [state], "connectionError"
    web_posted(web, queue)
    with pytest.raises(Busy):
        web.end_request(UUID)


def test_a_request_that_is_not_known_is_made_impossible_before_its_absence_counts(queue: Queue, web: WebTasks) -> None:
    """404 proves nothing: the POST may still be on its way. A harmless question takes the uuid, so that the late one
    finds it taken."""
    web.end_request(UUID)
    assert [each["type"] for each in queue.tasks_of(UUID)] == ["getDeviceStatus"]
    assert queue._post({"uuid": UUID, "request": [SELL]})[0] == 409


def test_a_post_that_arrives_late_is_seen_and_waited_for(queue: Queue, web: WebTasks) -> None:
    """It came between our GET and the question that was to take its place."""

    seen: list[str] = []
    queue.on_get = lambda uuid: seen.append(uuid)

    def first_post(uuid: str) -> None:
        queue.on_post = lambda uuid: None
        queue.script = ["inProgress", READY]
        queue._post({"uuid": uuid, "request": [SELL]})

    queue.on_post = first_post
    web.end_request(UUID)
    assert queue.tasks_of(UUID) == [SELL]
    assert len(seen) >= 3


@pytest.mark.parametrize("answer", [CUT, (500, {}), (401, {})])
def test_without_an_answer_nothing_is_concluded(queue: Queue, web: WebTasks, answer: tuple[int, object]) -> None:
    queue.on_get = lambda uuid: answer
    with pytest.raises(NotSent):
        web.end_request(UUID)


def test_a_queue_that_takes_nothing_gives_no_proof(queue: Queue, web: WebTasks) -> None:
    """The device is switched off in the server: 409 for a uuid that it does not know."""
    queue.takes_before_answer = False
    queue.on_post = lambda uuid: (409, {"error": {"code": 505, "description": "ККТ не подключена"}})
    with pytest.raises(NotSent, match="не подключена"):
        web.end_request(UUID)


def test_what_was_done_is_told_as_a_hint(queue: Queue, web: WebTasks) -> None:
    web.perform(SELL, 60, UUID)
    assert web.was_done(UUID)
    queue.script = [failed(80)]
    with pytest.raises(TaskFailed):
        web.perform(SELL, 60, OTHER)
    assert not web.was_done(OTHER)
    assert not web.was_done("6a8f2f0e-0c0f-4c53-9a3a-1f3f6f1f8a03")
    queue.on_get = lambda uuid: CUT
    assert not web.was_done(UUID)


# --- reset


def test_the_queue_has_come_to_its_end_when_a_question_behind_everything_is_answered(
    queue: Queue, web: WebTasks
) -> None:
    queue.script = ["wait", "inProgress", READY]
    web.reset()
    assert [each["type"] for each in queue.posted[0][1]] == ["getDeviceStatus"]


@pytest.mark.parametrize("last", [failed(2, "Нет связи"), failed(44)])
def test_a_device_that_answers_no_has_come_to_the_end_too(queue: Queue, web: WebTasks, last: object) -> None:
    queue.script = [last]
    web.reset()


def test_a_queue_that_stands_is_busy(queue: Queue, web: WebTasks) -> None:
    queue.script, queue.is_blocked, queue.block_reason = ["wait"], True, "fnError"
    with pytest.raises(Busy):
        web.reset()


# --- the rest


def test_a_web_server_cannot_tell_of_open_receipts(web: WebTasks) -> None:
    assert web.open_receipt() is None
    with pytest.raises(TaskFailed) as told:
        web.cancel_receipt()
    assert told.value.code == 11


@pytest.mark.parametrize(
    "url, door",
    [
        ("http://kassa:16732", "/api/v2/requests"),
        ("http://kassa:16732/", "/api/v2/requests"),
        ("http://kassa:16732/api/v2/", "/api/v2/requests"),
        ("http://kassa:16732/?deviceID=2", "/api/v2/requests?deviceID=2"),
        ("http://kassa:16732/api/v2/?deviceID=2", "/api/v2/requests?deviceID=2"),
    ],
)
def test_the_address_may_name_one_of_several_registers(url: str, door: str) -> None:
    assert WebTasks(url, lambda: "").door("requests").reveal() == f"http://kassa:16732{door}"


def test_the_login_shows_itself_nowhere(queue: Queue, web: WebTasks) -> None:
    assert "secret" not in repr(web) + str(vars(web))


# --- what is said, and what a lying server may say


@pytest.mark.parametrize("result", [5, True, 1.5, "deviceStatus", ["deviceStatus"], [[]]])
def test_a_result_that_is_no_object_is_no_place_holder_and_no_crash(
    queue: Queue, web: WebTasks, result: object
) -> None:
    queue.script = [{**READY, "result": result}]
    with pytest.raises(Lost):
        web.perform(SELL, 3, UUID)
    assert web.was_done(UUID)


def test_our_own_question_in_its_place_was_not_done(queue: Queue, web: WebTasks) -> None:
    queue.script = [{**READY, "result": {"deviceStatus": {}}}]
    web.end_request(UUID)
    assert not web.was_done(UUID)


def test_a_server_that_is_silent_is_called_by_its_name(queue: Queue, web: WebTasks, clock: Clock) -> None:
    """The words of a lost connection are those of the portal, unless somebody else is named."""
    gone = WebTasks("http://127.0.0.1:9", lambda: "", clock=clock, pause=clock.wait)
    with pytest.raises(NotSent, match="веб-сервер АТОЛ не отвечает") as never:
        gone.open()
    queue.on_get = lambda uuid: CUT
    with pytest.raises(Lost, match="веб-сервер АТОЛ не отвечает") as lost:
        web.perform(SELL, 60, UUID)
    with pytest.raises(NotSent, match="веб-сервер АТОЛ не отвечает") as ended:
        web.end_request(UUID)
    assert not any("Битрикс" in str(each.value) for each in (never, lost, ended))


def test_a_question_behind_a_long_task_of_another_program_is_told_so(queue: Queue, web: WebTasks) -> None:
    """It is taken back, and why it was not answered is what stood before that."""
    queue.script = ["wait"]
    for ask in (lambda: web.perform(ASK, 10), web.reset):
        with pytest.raises(Busy, match="выполняется другое задание") as told:
            ask()
        assert told.value.code == "atol_queue"
    assert all(entry.script[0]["status"] == "canceled" for entry in queue.known.values())
