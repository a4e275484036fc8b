"""Random walks of misbehaving cars against a charger with simulated metal, judged by a checker that knows nothing of the charger."""
