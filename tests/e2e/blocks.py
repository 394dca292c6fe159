"""Blocks of known sizes: 40 MB that stay, 60 MB that make the peak."""


def keep():
    kept = []
    for _ in range(10):
        kept.append(bytearray(4000000))  # KEEP
    return kept


def hog():
    return bytearray(60000000)  # HOG


def churn():
    for _ in range(20):
        bytearray(3000000)


def main():
    churn()
    kept = keep()
    hog()  # CALL
    churn()
    return kept


blocks = main()
