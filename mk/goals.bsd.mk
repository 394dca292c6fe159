# goals.bsd.mk - see subdir.mk; for bmake.
MK_FIRST = ${.TARGETS:Mdeps} ${.TARGETS:Mclean}
