"""Days and periods in Korea: the clock, periods by the Civil Act, holidays, form fields for dates."""
