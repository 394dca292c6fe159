/* The one struct of the agent, in pages of its own. */

#include <sys/mman.h>

#include "agent.h"
#include "agent_early.h"

struct agent_page	agent_page;

bool
agent_page_init(void)
{
	void *p;

	p = agent_real.mmap(&agent_page, sizeof(agent_page), PROT_READ |
	    PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return (p != MAP_FAILED &&
	    madvise(p, sizeof(agent_page), MADV_WIPEONFORK) != -1);
}
