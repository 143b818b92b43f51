"""What the service costs beside plain S3, and what slow clients cost everyone else. One command: ./scripts/bench"""
