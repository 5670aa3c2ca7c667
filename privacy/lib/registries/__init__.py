"""What apps declare at start-up for others to ask: deadlines, registers, the annual report, issued documents, dated
parameters.
"""
