"""The same seed is the same world, byte for byte; and a plan is data."""

from posapp.simulation.plan import plan_of
from posapp.simulation.runner import play


def test_a_seed_replays_byte_for_byte() -> None:
    first, again = play(plan_of(41, 1, None)), play(plan_of(41, 1, None))

    assert first.trace == again.trace
    assert len(first.trace) > 60
    assert first == again


def test_another_seed_is_another_world() -> None:
    assert plan_of(41, 1, None).events != plan_of(42, 1, None).events


def test_a_longer_run_begins_with_the_shorter_one() -> None:
    short, long = plan_of(41, 1, 1), plan_of(41, 3, 1)

    assert [each for each in long.events if each.at < 86_000 and not each.is_frame] == [
        each for each in short.events if not each.is_frame
    ]
