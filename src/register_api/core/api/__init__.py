"""The service's protocol beyond the files: queries, answers, problems, and the OpenAPI description."""
