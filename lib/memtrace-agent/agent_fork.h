/* The child of a fork, when children are to be traced. */

#ifndef AGENT_FORK_H
#define AGENT_FORK_H

/* From now on children of this process begin captures of their own. */
void	agent_fork_follow(void);

#endif /* AGENT_FORK_H */
