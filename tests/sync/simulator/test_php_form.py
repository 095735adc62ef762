"""`http_build_query` byte for byte: by hand from PHP's rules, and against real PHP where there is one."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from posapp.sync.simulator.php_form import build_query, php_float


@pytest.mark.parametrize(
    "value, form",
    [
        ({"a": None, "b": [], "c": True, "d": 1.50, "e": {"f": "x y"}}, "c=1&d=1.5&e%5Bf%5D=x+y"),
        ({"a": {"b": {}, "c": [None, []]}}, ""),
        ({"no": False, "zero": 0, "empty": ""}, "no=0&zero=0&empty="),
        ({"items": [{"name": "Чай"}, {"name": "а&б=в"}]},
         "items%5B0%5D%5Bname%5D=%D0%A7%D0%B0%D0%B9&items%5B1%5D%5Bname%5D=%D0%B0%26%D0%B1%3D%D0%B2"),
        ({"a": [None, "kept"]}, "a%5B1%5D=kept"),  # the place of a null stays free
        ({"raw": b"DM\x00\xff~"}, "raw=DM%00%FF%7E"),
        ({"x.y-z_~*()!'": "+/ "}, "x.y-z_%7E%2A%28%29%21%27=%2B%2F+"),
        ({"s": Decimal("1900.00"), "v": Decimal("616.7213114754098360"), "k": Decimal("0.386")},
         "s=1900&v=616.72131147541&k=0.386"),
    ],
)  # fmt: skip
def test_the_rules(value: dict[str, Any], form: str) -> None:
    assert build_query(value) == form.encode()


@pytest.mark.parametrize(
    "value, text",
    [(0.1 + 0.2, "0.3"), (1e14, "1.0E+14"), (123456789012345.6, "1.2345678901235E+14"), (1e-5, "1.0E-5"),
     (0.00012, "0.00012"), (1.2e-7, "1.2E-7"), (-0.0, "-0"), (12345678901234.5, "12345678901234"), (3.0, "3")],
)  # fmt: skip
def test_floats_have_fourteen_digits(value: float, text: str) -> None:
    assert php_float(value) == text


_SCRIPT = """
function plain($v) {
    if (!is_array($v)) return $v;
    if (isset($v['#raw'])) return base64_decode($v['#raw']);
    return array_map('plain', $v);
}
foreach (json_decode(stream_get_contents(STDIN), true) as $tree) echo http_build_query(plain($tree)), "\\n";
"""


def _tree(random: Random, depth: int = 0) -> Any:
    choice = random.randrange(11 if depth < 3 else 8)
    if choice == 0:
        return None
    if choice == 1:
        return random.random() < 0.5
    if choice == 2:
        return random.randint(-(10**6), 10**12)
    if choice in (3, 4):
        return round(random.uniform(-1, 1) * 10 ** random.randint(-8, 14), random.randint(0, 12))
    if choice in (5, 6):
        return "".join(random.choice("aЯ €\x00\n+&=[]%~.-_'\"😀9") for _ in range(random.randrange(8)))
    if choice == 7:
        return random.randbytes(random.randrange(6))
    if choice == 8:
        return [_tree(random, depth + 1) for _ in range(random.randrange(4))]
    keys = [random.choice(["a", "NAME", "x y", "n[0]", "7", "Ключ", "~"]) + str(n) for n in range(random.randrange(4))]
    return {key: _tree(random, depth + 1) for key in keys}


def _for_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"#raw": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: _for_json(item) for key, item in value.items()}
    return [_for_json(item) for item in value] if isinstance(value, list) else value


@pytest.mark.skipif(shutil.which("php") is None, reason="no PHP on this machine to compare with")
def test_real_php_writes_the_same() -> None:
    random = Random(5)
    trees = [{f"k{n}": _tree(random) for n in range(5)} for _ in range(500)]
    given = json.dumps(_for_json(trees)).encode()
    told = subprocess.run(
        ["php", "-n", "-d", "precision=14", "-r", _SCRIPT], input=given, capture_output=True, check=True, timeout=60
    )

    lines = told.stdout.split(b"\n")[:-1]
    assert len(lines) == 500
    assert lines == [build_query(tree) for tree in trees]
