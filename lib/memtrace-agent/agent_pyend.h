/*
 * When an interpreter ends: a function of ours that it calls behind all those
 * of atexit, before it takes anything apart.
 */

#ifndef AGENT_PYEND_H
#define AGENT_PYEND_H

#include "agent_pyapi.h"

/*
 * Have the current interpreter call the method.  Nothing is imported and no
 * event audited for that.  The GIL is held and no exception is set; the method
 * is kept.
 */
void	agent_pyend_register(struct agent_pymethod *);

#endif /* AGENT_PYEND_H */
