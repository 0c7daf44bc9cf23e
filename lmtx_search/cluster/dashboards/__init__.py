"""OpenSearch Dashboards: the saved objects of three dashboards, and how they get there."""
