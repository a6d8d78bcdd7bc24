"""What each contract family's channel says, from job events."""
