from proxy.simulator.shelves import Shelf


def test_oldest_thing_falls_off() -> None:
    shelf: Shelf[int] = Shelf(2)
    for number in range(3):
        shelf.put(str(number), number)
    assert shelf.newest() == [2, 1] and shelf.get("0") is None


def test_removed_thing_is_gone() -> None:
    shelf: Shelf[int] = Shelf()
    shelf.put("a", 1)
    assert (shelf.remove("a"), shelf.remove("a"), shelf.newest()) == (1, None, [])
