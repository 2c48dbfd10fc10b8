"""
How the sandbox reads what it is sent, as Xray's manual has it.
"""
