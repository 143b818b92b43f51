"""Everything on one machine: one data folder, one supervisor, and the processes that it keeps alive.

folder      the data folder: what is in it, its lock, what the first start makes
tether      run in every child before anything else: it dies with its parent, and dumps no core
child       one process that is kept alive
supervisor  SeaweedFS, migrate, serve and worker: started in order, watched, stopped in the reverse
"""

from transfer_service.standalone.supervisor import Supervisor, run_standalone

__all__ = ["Supervisor", "run_standalone"]
