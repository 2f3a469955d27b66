"""The page that Prometheus reads, of what records, workers, recorder and configuration say."""
