/*
 * Programs that this process executes, as long as these are to load the agent:
 * they inherit the environment, and with it the agent.  These wrappers put
 * both back where the caller passes an environment of its own making, or has
 * changed LD_PRELOAD.
 */

#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

/*
 * Keep the agent (its own path) and the value of MT_ENV_SOCKET in the
 * environment of whatever this process executes.
 */
void	agent_exec_keep(const char *agent_path, const char *socket_value);
/* No longer: this is the first Python, and no others are to be recorded. */
void	agent_exec_let_go(void);

/* In the child of a fork(2) that is not followed: count it. */
void	agent_exec_forked(void);

/* The thread ends: give back what a child of its vfork(2) has left. */
void	agent_exec_release(void);

#endif /* AGENT_EXEC_H */
