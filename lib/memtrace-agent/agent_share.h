/*
 * Threads without a ring of their own: there are too many of them, or the
 * collector cannot be reached any more.  They share a block, and its ring,
 * that are set aside for that when the first thread begins.
 *
 * The guard of that block is its lock: who sets it, in agent_enter(), has the
 * block until agent_leave().  It has a way out: a thread that is gone, or has
 * jumped out of its hook, does not keep the block, and who cannot have it soon
 * counts the event as lost.
 */

#ifndef AGENT_SHARE_H
#define AGENT_SHARE_H

#include "agent.h"

/* Set block and ring aside, once; comes with the first thread. */
void	agent_share_begin(void);

/* As agent_enter(), by the shared block. */
struct agent_thread *agent_share_enter(void *frame);

/* The ring of t, in one of whose hooks we are, is read by nobody. */
void	agent_share_instead(struct agent_thread *t);

/* The block if the calling thread has it, in a hook; else NULL. */
struct agent_thread *agent_share_held(void);

/* In the child of a fork: it begins anew. */
void	agent_share_forked(void);

#endif /* AGENT_SHARE_H */
