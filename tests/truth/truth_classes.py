"""Kinds of code in classes: bodies, methods that Python itself calls."""
import copy
import dataclasses
import enum
import gc
import pickle
import weakref

from truth_kinds import block, kind, step


@kind
def class_body(levels):
    make, size = block()

    class Outer:
        make(size)
        step(levels)

        class Inner:
            value = make(size)
            more = [make(size) for _ in range(2)]

        def method(self, default=make(size)):
            make(size)
    Outer().method()


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        make, size = block()
        make(size)
        return {}

    def __new__(mcs, name, bases, namespace):
        make, size = block()
        make(size)
        return super().__new__(mcs, name, bases, namespace)

    def __call__(cls, *args):
        make, size = block()
        make(size)
        return super().__call__(*args)


class Descriptor:
    def __set_name__(self, owner, name):
        make, size = block()
        make(size)

    def __get__(self, instance, owner):
        make, size = block()
        make(size)
        return self

    def __set__(self, instance, value):
        make, size = block()
        make(size)
        step(value)


class Base(metaclass=Meta):
    descriptor = Descriptor()

    def __init_subclass__(cls, **kwargs):
        make, size = block()
        make(size)
        super().__init_subclass__(**kwargs)

    def __class_getitem__(cls, item):
        make, size = block()
        return make(size)

    def __init__(self, levels):
        make, size = block()
        make(size)
        self.descriptor = levels

    @property
    def value(self):
        make, size = block()
        return make(size)

    @value.setter
    def value(self, levels):
        make, size = block()
        make(size)
        step(levels)

    @staticmethod
    def static(levels):
        make, size = block()
        make(size)

    @classmethod
    def make_one(cls, levels):
        make, size = block()
        make(size)
        return cls(levels)


@kind
def made_class(levels):
    class Derived(Base):
        def __init__(self, levels):
            make, size = block()
            make(size)
            super().__init__(levels)

    class Last(Derived):
        def __init__(self, levels):
            super().__init__(levels)
            make, size = block()
            make(size)
    one = Last.make_one(levels)
    one.value
    one.value = 0
    one.static(levels)
    one.descriptor
    Last[int]
    type("Dynamic", (Base,), {"method": lambda self: step(0)})(0).method()


class Everything:
    """Has the methods that operators and built-in functions call."""

    def _allocate(self):
        make, size = block()
        make(size)
        return True

    def __add__(self, other):
        self._allocate()
        return self

    __radd__ = __mul__ = __or__ = __iadd__ = __add__

    def __getitem__(self, i):
        self._allocate()
        if i > 2:
            raise IndexError(i)
        return i

    def __contains__(self, x):
        return self._allocate()

    def __eq__(self, other):
        return self._allocate()

    def __hash__(self):
        return self._allocate()

    def __lt__(self, other):
        return self._allocate()

    def __len__(self):
        return self._allocate() + 2

    def __bool__(self):
        return self._allocate()

    def __call__(self, levels):
        make, size = block()
        make(size)
        return step(levels)

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return self._allocate()

    def __format__(self, spec):
        return spec * self._allocate()

    def __repr__(self):
        return "x" * self._allocate()

    def __float__(self):
        return 1.0 * self._allocate()

    def __reversed__(self):
        return iter([self._allocate()])

    def __del__(self):
        self._allocate()

    def __deepcopy__(self, memo):
        self._allocate()
        return self

    def __reduce__(self):
        self._allocate()
        return (Everything, ())


class Missing(dict):
    def __missing__(self, key):
        make, size = block()
        make(size)
        return 1


@kind
def operators(levels):
    e = Everything()
    e + 1 + e
    1 + e
    e += 1
    e[1]
    list(e)
    1 in e
    {e: 1, Everything(): 2}[e]
    sorted([e, Everything(), e])
    len(e), not e, float(e), list(reversed(e))
    "%r" % e, f"{e:x}", str(e)
    e.attribute
    e(levels)
    copy.deepcopy([e])
    pickle.loads(pickle.dumps(e))
    Missing()["x"]
    "%(a)s" % Missing()


@kind
def deletions(levels):
    """Code that runs when an object goes away."""
    make, size = block()
    e = Everything()
    weak = weakref.ref(e, lambda _: make(size))
    e = None
    holder = [Everything()]
    holder.append(holder)
    del holder
    gc.collect(0)
    step(levels)
    return weak


class Counter:
    def __init__(self, i):
        self.i = i
        if i % 16 == 0:
            make, size = block()
            self.block = make(size)


class SubCounter(Counter):
    __slots__ = ()

    def __init__(self, i):
        super().__init__(i)
        if i % 24 == 0:
            make, size = block()
            make(size)


@kind
def hot_init(levels):
    """Classes called in a loop: their __init__ gets specialised."""
    make, size = block()
    for i in range(64):
        Counter(i)
        SubCounter(i)
    make(size)
    step(levels)


@dataclasses.dataclass
class Data:
    levels: int
    blocks: list = dataclasses.field(default_factory=lambda: [])

    def __post_init__(self):
        make, size = block()
        make(size)
        step(self.levels)


class Colour(enum.Enum):
    RED = 1

    @classmethod
    def _missing_(cls, value):
        make, size = block()
        make(size)
        return cls.RED


@kind
def library_classes(levels):
    Data(levels) == Data(0)
    Colour(7)
