# examples.mk - example programs, EXAMPLES.
include ${SRCTOP}/mk/own.mk

all:
	@:
install:
	@:
	${INSTALL_DIR} ${DESTDIR}${EXAMPLEDIR}
	${INSTALL_DATA} ${EXAMPLES} ${DESTDIR}${EXAMPLEDIR}
clean:
