"""Files for Prometheus and Grafana, and what writes the dashboards."""
