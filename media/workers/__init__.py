"""Media engines in processes of their own, one a core, behind the port of the engine."""
