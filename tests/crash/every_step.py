"""Kills a till at every step of every use case that writes, and starts it again.

    python -m tests.crash.every_step                    lists the scenes and how many steps each has
    python -m tests.crash.every_step all                kills at every step of every scene
    python -m tests.crash.every_step NAME… [--step N]   of these scenes, at this step only
    … --telling                                         only at the steps that can tell something new (`steps.telling`)
    … --quick                                           of these only so many as the tests have time for (`Scene.each`)
    … --jobs J                                          so many worlds at once (default: one more than cores)
    … --json                                            a line of JSON for each kill and each scene

The till is a real process, killed by SIGKILL; register and portal live in another one. The exit code is 1 when any
invariant was broken; the line then says how to play that very kill again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from posapp.errors import PosError
from tests.crash import people
from tests.crash.invariants import everything_agrees, files_are_whole
from tests.crash.scenes import SCENES, Scene
from tests.crash.stage import Ended, World, in_a_fork, room, warm_up
from tests.crash.steps import stepping, telling

Job = tuple[Scene, int, int]
Which = Callable[[Scene, Sequence[str]], Sequence[int]]
"""From a scene and the names of all its steps the numbers of those to die at."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One try: where the till died, what was wrong afterwards ("" = nothing), whether a person had to decide."""

    scene: str
    step: int
    at: str
    was_killed: bool
    trouble: str
    by_person: bool = False


class Killer:
    """Counts steps and ends the process at number `last`, 0 = never; it says where it was before it dies."""

    def __init__(self, last: int, tell: Callable[[str], None]) -> None:
        self.names: list[str] = []
        self._last = last
        self._tell = tell

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._last:
            self._tell(name)
            os.kill(os.getpid(), signal.SIGKILL)


def till(act: people.Act, world: World, last: int | None = None) -> Callable[[Callable[[str], None]], object]:
    """A till's process: it acts and dies at step `last`; None = steps are not even counted."""

    def job(tell: Callable[[str], None]) -> object:
        _be_quiet()
        if last is None:
            return act(world)
        killer = Killer(last, tell)
        with stepping(killer), suppress(PosError):  # a scene may end in a refusal: the user is told, and goes on
            act(world)
        return killer.names

    return job


def looked_at(again: people.Act) -> people.Act:
    """The till that comes after, with a look at the files before it touches them."""

    def act(world: World) -> object:
        files_are_whole(world)
        return again(world)

    return act


def _be_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


# ------------------------------------------------------------------------------------------------ one scene
def prepared(world: World, scene: Scene) -> None:
    """Brings this world to the beginning of a scene."""
    scene.before(world)
    world.play(till(scene.prepare, world))
    scene.arm(world)
    world.save()


def steps_of(world: World, scene: Scene) -> list[str]:
    """The names of a scene's steps when nobody dies; the invariants hold then too."""
    world.restore()
    (_, names), _ = world.play(till(scene.act, world, 0), till(scene.again, world), is_last=True)
    _checked(world, scene)
    return [str(each) for each in names]


def die_at(world: World, scene: Scene, step: int) -> Kill:
    """One kill, and the invariants after it."""
    world.restore()
    where, was_killed, by_person = "", False, False
    try:
        outcomes = world.play(till(scene.act, world, step), till(looked_at(scene.again), world), is_last=True)
        was_killed = outcomes[0][0] == "killed"
        where = str(outcomes[0][1]) if was_killed else "unhurt"
        by_person = outcomes[1][1] == people.BY_A_PERSON
        _checked(world, scene)
    except Ended as error:
        return Kill(scene.name, step, where, was_killed, str(error))
    except Exception:  # noqa: BLE001  (whatever broke, it is this kill's finding)
        return Kill(scene.name, step, where, was_killed, traceback.format_exc())
    return Kill(scene.name, step, where, was_killed, "", by_person)


def _checked(world: World, scene: Scene) -> None:
    everything_agrees(world, scene.sold, scene.documents)
    scene.check(world)


# ------------------------------------------------------------------------------------------------ one worker
def base(begins: str, folder: Any) -> World:
    """A world at one of the beginnings."""
    world = World(folder)
    acts = {people.BARE: (), people.READY: (people.set_up, people.sync)}
    acts[people.OPEN] = (*acts[people.READY], people.open_shift)
    acts[people.SHARED] = (*acts[people.OPEN], people.join_gateway)
    if begins == people.SHARED:
        world.open_gateway()
    world.play(*[till(act, world) for act in acts[begins]])
    world.save()
    return world


def worker(jobs: list[Job], queue: int, pipe: int, which: Which) -> None:
    """Plays jobs from the queue until it is empty; lines of JSON go into `pipe`."""

    def tell(line: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(line).encode() + b"\n")

    while place := os.read(queue, 2):
        scene, share, shares = jobs[int.from_bytes(place, "big")]
        begun = time.monotonic()
        try:
            with room() as folder:
                world = base(scene.begins, folder)
                prepared(world, scene)
                names = in_a_fork(lambda: steps_of(world, scene))  # noqa: B023
                for step in which(scene, names)[share::shares]:
                    tell({"kill": in_a_fork(lambda: asdict(die_at(world, scene, step)))})  # noqa: B023
            tell(
                {
                    "scene": scene.name,
                    "steps": len(names),
                    "telling": len(telling(names)),
                    "chosen": len(which(scene, names)),
                    "seconds": round(time.monotonic() - begun, 1),
                }
            )
        except Exception:  # noqa: BLE001  (the parent shows it and fails)
            tell({"kill": asdict(Kill(scene.name, 0, "the preparation", False, traceback.format_exc()))})


# ------------------------------------------------------------------------------------------------ all of them
def run(names: list[str], workers: int, shares: int, which: Which) -> Iterator[dict[str, Any]]:
    """Plays the scenes on so many workers, each scene in so many shares; what they tell, as it comes."""
    jobs = [(SCENES[name], share, shares) for name in names for share in range(shares)]
    queue, fill = os.pipe()
    os.write(fill, b"".join(number.to_bytes(2, "big") for number in range(len(jobs))))
    os.close(fill)
    listening, told = os.pipe()
    children = []
    for _ in range(min(workers, len(jobs))):
        child = os.fork()
        if child == 0:
            os.close(listening)
            try:
                worker(jobs, queue, told, which)
            finally:
                os._exit(0)
        children.append(child)
    os.close(told)
    with os.fdopen(listening, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
    for child in children:
        os.waitpid(child, 0)


def every(_: Scene, names: Sequence[str]) -> Sequence[int]:
    """All of them."""
    return range(1, len(names) + 1)


def every_telling(_: Scene, names: Sequence[str]) -> Sequence[int]:
    """Those that can tell something new."""
    return telling(names)


def quick(scene: Scene, names: Sequence[str]) -> Sequence[int]:
    """As many of them as a test has time for."""
    return telling(names)[:: 3 * scene.each]


def main(arguments: list[str] | None = None) -> int:
    """See the top of this file."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.every_step")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--step", type=int)
    parser.add_argument("--telling", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in SCENES and name != "all"]
    if unknown:
        parser.error(f"no such scene: {', '.join(unknown)}; there are {', '.join(SCENES)}")
    names = list(SCENES) if not given.names or "all" in given.names else given.names
    which: Which = quick if given.quick else every_telling if given.telling else every
    if not given.names:
        which = lambda *_: ()  # noqa: E731
    elif given.step:
        which = lambda *_: (given.step,)  # noqa: E731
    warm_up()
    report = Report(names, as_json=given.json)
    for told in run(names, given.jobs, given.jobs if given.names and not given.step else 1, which):
        report.take(told)
    report.end()
    return 1 if report.broken else 0


class Report:
    """Counts what the workers tell; shows every broken invariant at once and the sums at the end."""

    def __init__(self, names: list[str], *, as_json: bool) -> None:
        self.broken = 0
        self._as_json = as_json
        self._begun = time.monotonic()
        self._steps = dict.fromkeys(names, (0, 0))
        self._kills: Counter[str] = Counter()
        self._persons: Counter[str] = Counter()

    def take(self, told: dict[str, Any]) -> None:
        """A kill, or the end of a share of a scene."""
        if self._as_json:
            print(json.dumps(told, ensure_ascii=False), flush=True)
        if "scene" in told:
            self._steps[told["scene"]] = told["steps"], told["telling"]
            return
        kill = Kill(**told["kill"])
        self._kills[kill.scene] += kill.was_killed
        self._persons[kill.scene] += kill.by_person
        if kill.trouble:
            self.broken += 1
            again = f"python -m tests.crash.every_step {kill.scene} --step {kill.step}"
            print(f"\n{kill.scene}, step {kill.step} ({kill.at})\n{kill.trouble}\nagain: {again}\n", file=sys.stderr)

    def end(self) -> None:
        """The table."""
        if self._as_json:
            return
        for name, (steps, tell) in self._steps.items():
            persons = f", a person decided {self._persons[name]}" if self._persons[name] else ""
            print(f"{name:<24} {steps:>5} steps, {tell:>4} telling, {self._kills[name]:>5} kills{persons}")
        steps, tell = (sum(column) for column in zip(*self._steps.values(), strict=True))
        print(
            f"{len(self._steps)} scenes, {steps} steps, {tell} telling, {self._kills.total()} kills, "
            f"{self.broken} broken, {time.monotonic() - self._begun:.0f} s"
        )


if __name__ == "__main__":
    sys.exit(main())
