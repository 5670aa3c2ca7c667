"""Files that the portal makes or takes in: PDF, XLSX, iCalendar, encrypted ZIP, validation of uploads."""
