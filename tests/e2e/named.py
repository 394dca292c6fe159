"""Threads whose names are properties, of which nobody may take notice."""

import threading


class Named(threading.Thread):
    calls = []

    @property
    def _name(self):
        Named.calls.append("get")
        return self.__dict__["stored"]

    @_name.setter
    def _name(self, value):
        self.__dict__["stored"] = value

    def __getattribute__(self, name):
        if name == "_name":
            Named.calls.append("attribute")
        return super().__getattribute__(name)


kept = []
for thread in (Named(target=lambda: kept.append(bytearray(3000000))),
               threading.Thread(target=lambda: kept.append(bytearray(5000000)),
                                name="plainly-named")):
    thread.start()
    thread.join()
print(Named.calls)
