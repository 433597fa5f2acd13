#include "cmd/host.h"
int host_status(const struct host *h)
{
	(void)h;
	return 1;
}
