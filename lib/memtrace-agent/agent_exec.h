/*
 * Programs that the traced one executes, when they are to be traced: they
 * inherit the environment, and with it the agent.  These wrappers put both
 * back where the caller passes an environment of its own making.
 */

#ifndef AGENT_EXEC_H
#define AGENT_EXEC_H

/*
 * Keep the agent (its own path) and the value of MT_ENV_SOCKET in the
 * environment of whatever this process executes.
 */
void	agent_exec_follow(const char *agent_path, const char *socket_value);

#endif /* AGENT_EXEC_H */
