"""What looks at the federation from outside: the demonstration, the benchmark, drills and their judge.

federation  the whole federation as operators see it: its parts, links and addresses, through the command line
demo        two people of different regions, one of them travelling, on real traffic; `guests` are they, and stay
bench       open-loop load, with every message accounted for
fuzz        malformed requests and frames, and what must not come of them
drill       traffic, faults, and what clients saw of both
judge       a drill's ledger, and checkers that say from it whether the invariants held
leaks       secrets, searched for wherever they have no business
people      people of tests and drills: a device, and everything that its screen has shown
"""
