"""When and where to look: the engines. The tables say what is true; an engine only says *go and look*."""
