"""Another register stood at the cable for a while; a serial line tells neither that it came nor that it went."""

import pytest

from posapp.devices.simulator.identity import identity_of
from posapp.devices.simulator.printer import Printer
from posapp.errors import Refused, Unreachable
from posapp.till import shift
from tests.till.rig import Register
from tests.till.shops import Shop, an_order


def test_the_right_register_is_recognised_when_it_is_back(shop: Shop, register: Register) -> None:
    own = register.printer
    register.unplug()
    with pytest.raises(Unreachable):
        shop.sell(an_order(2))
    register.is_plugged = True
    register.be(Printer(identity_of(77), register.now))
    with pytest.raises(Refused) as refused:
        shop.sell(an_order(2))
    assert refused.value.code == "wrong_device"

    register.be(own)
    shop.sell(an_order(2))

    assert len(register.with_key(shop.receipt(2).key)) == 1


def test_the_shift_of_another_register_is_not_shown_as_ours(shop: Shop, register: Register) -> None:
    register.be(Printer(identity_of(77), register.now))
    shop.till.printer.close()
    with pytest.raises(Refused) as refused:
        shift.status(shop.till)
    assert refused.value.code == "wrong_device"
