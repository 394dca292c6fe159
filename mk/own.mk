# own.mk - names every other fragment uses.  Common subset of GNU make and
# bmake only: no conditionals, no loops, no functions, no $^ or $<.
PREFIX     ?= /usr/local
BINDIR     ?= ${PREFIX}/bin
LIBDIR     ?= ${PREFIX}/lib
INCLUDEDIR ?= ${PREFIX}/include
MANDIR     ?= ${PREFIX}/share/man
TESTSDIR   ?= ${PREFIX}/tests/memtrace
EXAMPLEDIR ?= ${PREFIX}/share/examples/memtrace

# OBJTOP looks like an installed prefix: bin/ lib/ tests/, plus obj/.
# O is relative to the top of the tree, whichever directory make runs in.
# Not "obj": bmake would change into a directory of that name by itself.
MK_TOP   != cd ${SRCTOP} && pwd -P
MK_CUR   != pwd -P
O        ?= build
OBJTOP   != cd ${SRCTOP} && mkdir -p ${O} && cd ${O} && pwd -P
RELDIR    = ${MK_CUR:${MK_TOP}/%=%}
OBJDIR    = ${OBJTOP}/obj/${RELDIR}

# CFLAGS, CPPFLAGS and LDFLAGS are left to the user (bmake's sys.mk and the
# environment both set them); the project's own flags are the MK_* ones.
SAN           ?= no
MK_OPT        ?= -O2 -g
WERROR        ?= -Werror
MK_WARN       ?= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
		 -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
		 -Wvla -Wformat=2 ${WERROR}
MK_SAN_no      =
MK_SAN_yes     = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		 -fno-omit-frame-pointer
MK_CPPFLAGS    = -D_GNU_SOURCE -I. ${MK_INC}
MK_CFLAGS      = -std=c17 ${MK_OPT} ${MK_WARN} ${MK_SAN_${SAN}}
MK_LDFLAGS     = ${MK_SAN_${SAN}} -Wl,--as-needed -Wl,-z,relro,-z,now
COMPILE        = ${CC} ${MK_CPPFLAGS} ${CPPFLAGS} ${MK_CFLAGS} \
		 ${MK_PIC} ${CFLAGS} -MMD -MP -c
LINK           = ${CC} ${MK_CFLAGS} ${CFLAGS} ${MK_LDFLAGS} ${LDFLAGS}

# V=1 shows whole commands, otherwise only what they make.
V             ?= 0
MK_AT_0        = @
MK_SAY_0       = @echo
MK_SAY_1       = @:
AT             = ${MK_AT_${V}}
SAY            = ${MK_SAY_${V}}

INSTALL_BIN    = install -m 755
INSTALL_DATA   = install -m 644
INSTALL_DIR    = install -d -m 755

# "" under GNU make, "bsd" under bmake: GNU make sees one odd variable name.
MK_D_          = gnu
MK_D_bsd       = bsd
MK_DIALECT     = ${MK_D_${.MAKE.PID:Dbsd}}

MK_SHLIBS      = ${LIBADD:%=${OBJTOP}/lib/lib%.so}
MK_INTLIBS     = ${INTLIBS:%=${OBJTOP}/lib/priv/lib%.a}
# Archives may need each other, hence the group; what they need of the system
# stands beside them (intlib.mk), so that a program names its own libraries only.
MK_LIBS        = -Wl,--start-group ${MK_INTLIBS} -Wl,--end-group \
		 -L${OBJTOP}/lib ${LIBADD:%=-l%} ${LDADD} \
		 `cat /dev/null ${MK_INTLIBS:%.a=%.libs}`
OBJS           = ${SRCS:%.c=${OBJDIR}/%.o}

.PHONY: all install clean lint check depend
.SUFFIXES:
