"""What a run means, as data: nodes, steps, notes, checks. Renderers read this and nothing else."""
